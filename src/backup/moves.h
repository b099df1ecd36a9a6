/*
 * backup/moves: the swap of data directories as a state machine on disk (moves.c says its states),
 * for swap.c. Private to this folder.
 *
 * Errors' causes are for a person.
 */
#ifndef REEVE_BACKUP_MOVES_H
#define REEVE_BACKUP_MOVES_H

#include "backup/sweep.h"

enum swap_state {
    STATE_NONE,
    STATE_OUT,
    STATE_IN,
    STATE_TRIAL,
    STATE_BACK_OUT,
    STATE_BACK_IN,
    STATE_DONE
};
extern const char *const swap_state_names[];

/* Folders inside of SWAP_FOLDER. */
#define SWAP_IN_OLD "old"
#define SWAP_IN_NEW "new"

struct swap {
    struct arena *a;
    const char *path; /* of the data directory, for errors */
    int dir;
    int folder; /* SWAP_FOLDER; -1: there is none */
    enum swap_state state;
};

/* errno is about that name, of the directory, or of the folder. */
struct err *swap_failed(const struct swap *swap, const char *what, const char *name);
struct err *swap_failed_inside(const struct swap *swap, const char *what, const char *name);

struct swap_names {
    const char **items;
    size_t n, cap;
};
/* Of the entries of an open folder those that are moved. */
MUST_CHECK struct err *swap_list_moved(const struct swap *swap, int folder, struct swap_names *ret);
MUST_CHECK struct err *swap_sync_folder(const struct swap *swap, int folder, const char *name);
MUST_CHECK struct err *swap_open_inside(const struct swap *swap, const char *name, int *ret);

/* As it is on disk, into swap->state. */
MUST_CHECK struct err *swap_read_state(struct swap *swap);
/* On disk. On an error it may be either there; swap->state is the one before. */
MUST_CHECK struct err *swap_set_state(struct swap *swap, enum swap_state state);
MUST_CHECK struct err *swap_clear_state(struct swap *swap);

/* From `out` or `in` to `in` with nothing more to move. */
MUST_CHECK struct err *swap_move_over(struct swap *swap);
/* From `out` or `in` to `trial`. */
MUST_CHECK struct err *swap_go_forward(struct swap *swap);
/* From any state to none; from `done` only where nobody has been answered yet. What was moved in is
 * in failed/ or still in new/ then. */
MUST_CHECK struct err *swap_undo(struct swap *swap);

/* Whether there is old/, and whether a folder of ours is empty, or not there. */
bool swap_has_old(const struct swap *swap);
bool swap_is_empty(const struct swap *swap, const char *name);

/* Gives a folder of ours a name under which nothing asks for it. */
MUST_CHECK struct err *swap_doom(const struct swap *swap, const char *name);
/* What has such names goes; others may be at it, too. *stop: the rest stays. */
MUST_CHECK struct err *swap_remove_doomed(struct swap *swap, const atomic_bool *stop);
/* The whole folder goes; `done` last. */
MUST_CHECK struct err *swap_remove_folder(struct swap *swap, const atomic_bool *stop);

#endif
