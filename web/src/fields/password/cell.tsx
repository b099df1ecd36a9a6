import { t } from "../../i18n/t.ts";
import { Blank } from "../cell.tsx";

export const PasswordCell = () => <Blank title={t.fields.passwordHidden} />;
