/* What the operator of the machine does with accounts (maructl). Pure; under the core's mutex. */
#include "accounts.h"

void account_ordered(struct core *core, const struct input_account_order *in)
{
    struct account *account = account_find(core, in->name_folded);
    if (account == NULL) {
        return;
    }
    struct account_state parts = account_state_parts(account->state);
    switch (in->order) {
    case ORDER_SUSPEND:
        account_suspend(core, account, true, in->reason);
        break;
    case ORDER_UNSUSPEND:
        account_suspend(core, account, false, (struct str){0});
        break;
    case ORDER_PASSWORD:
        parts.password_hash = in->keys.hash;
        parts.scram = in->keys.scram;
        account_change(core, account, &parts);
        break;
    case ORDER_UNREGISTER:
        account_unregister(core, account);
        break;
    }
}
