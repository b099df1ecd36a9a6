import { render, type ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { Shell } from "./features/shell/shell.tsx";
import { t } from "./i18n/t.ts";
import { matchPath, parsePlace } from "./lib/route.ts";
import { startKeys } from "./state/commands.ts";
import { startDrafts } from "./state/drafts.ts";
import { startInstance } from "./state/instance.ts";
import { startProtection } from "./state/protect.ts";
import { startPrefs } from "./state/prefs.ts";
import { navigate, path, place, startRouter } from "./state/router.ts";
import { isEnded, isSigned, startSession } from "./state/session.ts";
import { LinkButton } from "./ui/Button/Button.tsx";
import { Empty } from "./ui/Empty/Empty.tsx";
import { Lazy, type Load } from "./ui/Lazy/Lazy.tsx";

type Params = Record<string, string>;
type Page = ComponentType<Params>;

interface Route {
  at: string;
  load: Load<Params>; // its page is fetched when it is first wanted
  isPublic?: boolean;
  isBare?: boolean; // without the shell
}

// A route's parameters are what its page takes.
const given = <P,>(page: ComponentType<P>): Page => page as unknown as Page;
const from = (load: () => Promise<{ default: ComponentType<never> }>): Load<Params> => async () => given((await load()).default);

type AuthPage = keyof typeof import("./features/auth/pages.tsx");
const auth = (name: AuthPage): Load<Params> => async () => given((await import("./features/auth/pages.tsx"))[name]);

const install = from(() => import("./features/install/page.tsx"));
const data = from(() => import("./features/grid/page.tsx"));
const settings = from(() => import("./features/settings/page.tsx"));
const home = from(() => import("./features/home/page.tsx"));
const routes: readonly Route[] = [
  { at: "/install/:token", load: install, isPublic: true },
  { at: "/pbinstall/:token", load: install, isPublic: true },
  { at: "/login", load: auth("Login"), isPublic: true },
  { at: "/request-password-reset", load: auth("RequestReset"), isPublic: true },
  { at: "/auth/confirm-password-reset/:token", load: auth("ConfirmReset"), isPublic: true },
  { at: "/auth/confirm-verification/:token", load: auth("ConfirmVerification"), isPublic: true },
  { at: "/auth/confirm-email-change/:token", load: auth("ConfirmEmailChange"), isPublic: true },
  { at: "/auth/oauth2-redirect-success", load: auth("OAuthDone"), isPublic: true },
  { at: "/auth/oauth2-redirect-failure", load: auth("OAuthFailed"), isPublic: true },
  { at: "/welcome", load: from(() => import("./features/welcome/page.tsx")), isBare: true },
  { at: "/data", load: data },
  { at: "/data/:collection", load: data },
  { at: "/data/:collection/:part", load: data },
  { at: "/new/:type", load: data },
  { at: "/new/:type/:part", load: data },
  { at: "/home", load: home },
  { at: "/advisor", load: home },
  { at: "/realtime", load: home },
  { at: "/overview/:part", load: from(() => import("./features/overview/page.tsx")) },
  { at: "/logs", load: from(() => import("./features/logs/page.tsx")) },
  { at: "/sql", load: from(() => import("./features/sql/page.tsx")) },
  { at: "/settings", load: settings },
  { at: "/settings/:part", load: settings },
];

const find = (at: string): { route: Route; params: Params } | null => {
  for (const route of routes) {
    const params = matchPath(route.at, at);
    if (params) return { route, params };
  }
  return null;
};

// PocketBase's addresses, and the one of nothing in particular.
const redirectOf = (at: string, query: Params): string | null => {
  if (at === "/") return "/data";
  if (at !== "/collections") return null;
  const { collection = "", ...rest } = query;
  const search = new URLSearchParams(rest).toString();
  return `/data/${encodeURIComponent(collection)}${search ? `?${search}` : ""}`;
};

// Where signing in leads: a place of who is signed in. What stands in an address may come from anybody.
const placeAfter = (next: string): string => {
  const at = parsePlace(next);
  const to = find(at.path);
  return (to ? !to.route.isPublic : redirectOf(at.path, at.query)) ? next : "/";
};

const loginFor = (here: string): string => {
  const next = placeAfter(here);
  return next === "/" ? "/login" : `/login?next=${encodeURIComponent(next)}`;
};

const NothingHere = () => (
  <Empty title={t.common.nothingHere} why={t.common.nothingHereWhy}>
    <LinkButton href="#/data">{t.common.goHome}</LinkButton>
  </Empty>
);

const Routed = ({ route, params }: { route: Route; params: Params }) => <Lazy load={route.load} of={params} />;
const ended: Load<object> = async () => (await import("./features/shell/ended.tsx")).Ended;

const App = () => {
  const redirect = redirectOf(path.value, place.value.query);
  const found = find(path.value);
  const needsLogin = !isSigned.value && !found?.route.isPublic;
  const isDone = isSigned.value && path.value === "/login";
  useEffect(() => {
    if (needsLogin) void navigate(loginFor(location.hash.slice(1)), { replace: true });
    else if (redirect) void navigate(redirect, { replace: true });
    else if (isDone) void navigate(placeAfter(place.value.query["next"] ?? "/"), { replace: true });
  }, [redirect, needsLogin, isDone, path.value]);
  if (redirect || needsLogin || isDone) return null;
  if (found?.route.isPublic) return <Routed key={path.value} {...found} />;
  return (
    <>
      {found?.route.isBare ? <Routed key={path.value} {...found} /> : <Shell>{found ? <Routed {...found} /> : <NothingHere />}</Shell>}
      {isEnded.value && <Lazy load={ended} of={{}} />}
    </>
  );
};

startPrefs();
startKeys();
startSession();
startInstance();
startProtection();
startDrafts();
startRouter();
const root = document.getElementById("app");
if (root) render(<App />, root);
