// What comes after the first superuser: three cards, each of which may be passed over.

import { useEffect, useState } from "preact/hooks";
import { listLogs } from "../../api/logs.ts";
import { changeSettings } from "../../api/settings.ts";
import { ta } from "../../i18n/t-auth.ts";
import { base } from "../../lib/base.ts";
import { firstRequest, languageNames, languages, type Language } from "../../lib/snippets.ts";
import { reloadCollections, reloadSettings, settings } from "../../state/instance.ts";
import { navigate } from "../../state/router.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { CodeBlock } from "../../ui/Copy/Copy.tsx";
import { Field, RadioGroup, TextField } from "../../ui/Field/Field.tsx";
import { bind, useForm } from "../../ui/form.ts";
import { ErrorNotice, Notice } from "../../ui/Notice/Notice.tsx";
import { Card } from "../auth/card.tsx";
import { makeOwn, makeSample } from "./sample.ts";

const cards = 3;
const lookMs = 2000;
const accents = ["#0b6663", "#1f5a94", "#7b2d8e", "#a8261c", "#7a4b00", "#1f6b36"];

interface Step {
  onNext: () => void;
}

const Acts = ({ isBusy = false, label, onSkip }: { isBusy?: boolean; label: string; onSkip: () => void }) => (
  <div class="card-acts">
    <Button kind="quiet" onClick={onSkip}>{ta.wizard.skip}</Button>
    <Button kind="primary" size="form" type="submit" busy={isBusy}>{label}</Button>
  </div>
);

const App = ({ onNext }: Step) => {
  const form = useForm({ appName: "", appURL: base(), accentColor: accents[0] ?? "" });
  const send = (event: Event) => {
    event.preventDefault();
    void form.submit(async ({ appName, appURL, accentColor }) => {
      await changeSettings({ meta: { ...(appName ? { appName } : {}), appURL, accentColor } });
      await reloadSettings();
      onNext();
    });
  };
  return (
    <form onSubmit={send} noValidate>
      <p class="card-lead">{ta.wizard.appLead}</p>
      <ErrorNotice error={form.wrong} />
      <TextField {...bind(form, "appName")} label={ta.wizard.name} autofocus placeholder={settings.data.value?.meta.appName ?? ""} />
      <TextField {...bind(form, "appURL")} label={ta.wizard.url} type="url" hint={ta.wizard.urlHint} />
      <Field label={ta.wizard.colour} hint={ta.wizard.colourHint}>
        {(attributes) => <input {...attributes} class="colour" type="color" name="accentColor" value={form.draft.accentColor} onInput={(event) => form.set({ accentColor: event.currentTarget.value })} />}
      </Field>
      <Acts label={ta.wizard.next} isBusy={form.isBusy} onSkip={onNext} />
    </form>
  );
};

type What = "sample" | "own" | "empty";

const Data = ({ onNext, onMade }: Step & { onMade: (collection: string) => void }) => {
  const form = useForm<{ what: What; name: string }>({ what: "sample", name: "" });
  const send = (event: Event) => {
    event.preventDefault();
    void form.submit(async ({ what, name }) => {
      if (what !== "empty") onMade(await (what === "own" ? makeOwn(name.trim()) : makeSample()));
      await reloadCollections();
      onNext();
    });
  };
  const choices = [
    { value: "sample", label: ta.wizard.sample, hint: ta.wizard.sampleHint },
    { value: "own", label: ta.wizard.own, hint: ta.wizard.ownHint },
    { value: "empty", label: ta.wizard.empty, hint: ta.wizard.emptyHint },
  ] as const;
  return (
    <form onSubmit={send} noValidate>
      <p class="card-lead">{ta.wizard.dataLead}</p>
      <ErrorNotice error={form.wrong} />
      <RadioGroup legend={ta.wizard.dataTitle} hideLegend name="what" value={form.draft.what} choices={choices} onChange={(what) => form.set({ what })} />
      {form.draft.what === "own" && <TextField {...bind(form, "name")} label={ta.wizard.ownName} required />}
      <Acts label={form.draft.what === "empty" ? ta.wizard.next : ta.wizard.create} isBusy={form.isBusy} onSkip={onNext} />
    </form>
  );
};

// The first request that is not the dashboard's own: of nobody, or of a user.
const useFirstRequest = (): { method: string; url: string } | null => {
  const [found, setFound] = useState<{ method: string; url: string } | null>(null);
  const [since] = useState(() => new Date().toISOString().replace("T", " "));
  useEffect(() => {
    if (found) return;
    const leaving = new AbortController();
    const look = async () => {
      const filter = `created >= "${since}" && data.auth != "_superusers" && data.url ~ "/api/collections/" && data.url !~ "_superusers"`;
      const { items } = await listLogs({ perPage: 1, skipTotal: true, sort: "created", filter }, leaving.signal);
      const first = items[0];
      if (first) setFound({ method: String(first.data["method"] ?? ""), url: String(first.data["url"] ?? "") });
    };
    const timer = setInterval(() => void look().catch(() => undefined), lookMs); // it looks again
    return () => {
      clearInterval(timer);
      leaving.abort();
    };
  }, [found, since]);
  return found;
};

const FirstCall = ({ onNext, collection }: Step & { collection: string }) => {
  const [language, setLanguage] = useState<Language>("js");
  const arrived = useFirstRequest();
  const choices = languages.map((value) => ({ value, label: languageNames[value] }));
  return (
    <form onSubmit={(event) => { event.preventDefault(); onNext(); }}>
      <p class="card-lead">{ta.wizard.callLead}</p>
      <RadioGroup legend={ta.wizard.language} name="language" value={language} choices={choices} onChange={setLanguage} />
      <CodeBlock text={firstRequest(language, base(), collection)} label={languageNames[language]} />
      {arrived ? <Notice kind="ok" title={ta.wizard.arrived(arrived.method, arrived.url)} /> : <p role="status">{ta.wizard.waiting}</p>}
      <div class="card-acts"><span /><Button kind="primary" size="form" type="submit">{ta.wizard.done}</Button></div>
    </form>
  );
};

export default function Wizard() {
  useEffect(() => void reloadSettings(), []);
  const [step, setStep] = useState(1);
  const [collection, setCollection] = useState("users");
  const onNext = () => {
    if (step < cards) setStep(step + 1);
    else void navigate(`/data/${encodeURIComponent(collection)}`, { replace: true });
  };
  const titles = [ta.wizard.appTitle, ta.wizard.dataTitle, ta.wizard.callTitle];
  return (
    <Card title={titles[step - 1] ?? ""}>
      <p class="signin-step">{ta.wizard.step(step, cards)}</p>
      {step === 1 && <App onNext={onNext} />}
      {step === 2 && <Data onNext={onNext} onMade={setCollection} />}
      {step === 3 && <FirstCall onNext={onNext} collection={collection} />}
    </Card>
  );
}
