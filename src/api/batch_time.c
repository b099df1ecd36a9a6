/*
 * The time that a batch may take.
 */
#include "api/batch.h"

#include "base/date.h"

uint64_t batch_left_us(const struct batch *batch, uint64_t begun_us)
{
    uint64_t spent_us = batch->spent_us + (clock_us() - begun_us);

    return spent_us < batch->limit_us ? batch->limit_us - spent_us : 0;
}

struct err *batch_late_err(struct arena *a)
{
    return err_new(a, E_BAD_REQUEST, BATCH_FAILED, "batch: its time is over");
}
