import { useState } from "preact/hooks";
import { explain } from "../../api/error.ts";
import { t } from "../../i18n/t.ts";
import { drafts, look } from "../../state/drafts.ts";
import { densities, density, theme, themes } from "../../state/prefs.ts";
import { navigate } from "../../state/router.ts";
import { isOwnDevice, session, signOut, signOutEverywhere } from "../../state/session.ts";
import { toast } from "../../state/toasts.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Dialog } from "../../ui/Dialog/Dialog.tsx";
import { Menu } from "../../ui/Menu/Menu.tsx";

type Way = "here" | "everywhere";

const ways: Record<Way, () => void | Promise<void>> = { here: signOut, everywhere: signOutEverywhere };
const labels: Record<Way, string> = { here: t.shell.signOut, everywhere: t.shell.signOutAll };

const leave = async (way: Way) => {
  try {
    await ways[way]();
    await navigate("/login");
  } catch (error) {
    toast("error", explain(error).what);
  }
};

// What is typed and not saved stays on a device that is its user's own.
const countDropped = (): number => (isOwnDevice() ? 0 : [...drafts.peek().values()].flat().length);

const Ask = ({ way, n, onClose }: { way: Way; n: number; onClose: () => void }) => {
  const go = () => {
    onClose();
    void leave(way);
  };
  return (
    <Dialog
      title={t.shell.dropTitle}
      onClose={onClose}
      acts={<><Button size="form" onClick={onClose}>{t.common.cancel}</Button><Button size="form" kind="danger" class="button-final" onClick={go}>{labels[way]}</Button></>}
    >
      <p>{t.shell.drop(n)}</p>
    </Dialog>
  );
};

export const Account = () => {
  const [asking, ask] = useState<{ way: Way; n: number } | null>(null);
  const begin = async (way: Way) => {
    await look();
    const n = countDropped();
    if (n > 0) ask({ way, n });
    else void leave(way);
  };
  return (
    <>
      <Menu
        class="rail-account"
        label={t.shell.account}
        icon="circle-user"
        placement="right-end"
        title={t.shell.signedInAs(String(session.value?.user["email"] ?? ""))}
        groups={[
          { title: t.shell.theme, items: themes.map((name) => ({ label: t.shell.themes[name] ?? name, checked: theme.value === name, act: () => { theme.value = name; } })) },
          { title: t.shell.density, items: densities.map((name) => ({ label: t.shell.densities[name] ?? name, checked: density.value === name, act: () => { density.value = name; } })) },
          {
            items: [
              { label: labels.here, icon: "log-out", act: () => void begin("here") },
              { label: labels.everywhere, icon: "lock", act: () => void begin("everywhere") },
            ],
          },
        ]}
      />
      {asking && <Ask {...asking} onClose={() => ask(null)} />}
    </>
  );
};
