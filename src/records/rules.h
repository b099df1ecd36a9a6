/*
 * records/rules: who acts, and what rules let them do. Private to this folder.
 */
#ifndef REEVE_RECORDS_RULES_H
#define REEVE_RECORDS_RULES_H

#include "records/records.h"

/* The 403 of a null rule, or NULL. */
MUST_CHECK struct err *rec_check_rule(struct arena *a, const struct rec_actor *actor,
                                      const struct schema_rule *rule);
/* Nothing to ask: a superuser, or everyone may. */
bool rec_is_free(const struct rec_actor *actor, const struct schema_rule *rule);
/* rec_matches() of a record that this connection has just read and nobody has changed since. */
MUST_CHECK struct err *rec_row_matches(struct arena *a, struct db_conn *conn,
                                       const struct rec_actor *actor, const struct rec *rec,
                                       struct str rule, bool *ret);
/* Whether the rule's text holds for cells that are not stored yet. */
MUST_CHECK struct err *rec_virtual_matches(struct arena *a, struct db_conn *conn,
                                           const struct rec_actor *actor,
                                           const struct schema_col *col, struct str rule,
                                           const struct db_value *cells, bool *ret);
/* An error of the question that asks a rule, as the client reads it: where the rule is at fault,
 * which does not compile or ran past the query timeout, it is of the given kind. is_leased: it was
 * asked in a leased unit, where the time that is over is the unit's. err may be NULL. */
struct err *rec_rule_failed(struct arena *a, struct err *err, enum err_kind kind, bool is_leased);

/* Whether there is a manage rule to ask for this actor; a superuser needs none. */
bool rec_asks_manage_rule(const struct rec_actor *actor, const struct schema_col *col);
/* Whether the actor satisfies the collection's manage rule; cells NULL: for the stored row `id`. A
 * rule that cannot be compiled is satisfied by nobody. */
MUST_CHECK struct err *rec_manages(struct arena *a, struct db_conn *conn,
                                   const struct rec_actor *actor, const struct schema_col *col,
                                   struct str id, const struct db_value *cells, bool *ret);

#endif
