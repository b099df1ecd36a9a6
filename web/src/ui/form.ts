// A form: what was there, what is typed, and what is wrong with it.

import { useRef, useState } from "preact/hooks";
import { errorFields } from "../api/error.ts";
import { drawn } from "./drawn.ts";

export interface Form<T extends object> {
  draft: T;
  set: (change: Partial<T>) => void;
  errors: Partial<Record<keyof T & string, string>>;
  wrong: unknown; // what the last submit failed with, where no field has said it
  isBusy: boolean;
  isDirty: boolean;
  // False: it failed, or is under way already.
  submit: (act: (draft: T) => Promise<void>) => Promise<boolean>;
  refuse: (errors: Partial<Record<keyof T & string, string>>) => void;
}

const focusWrong = () => {
  drawn(() => document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
};

export const useForm = <T extends object>(original: T): Form<T> => {
  const [draft, setDraft] = useState(original);
  const [errors, setErrors] = useState<Form<T>["errors"]>({});
  const [wrong, setWrong] = useState<unknown>(undefined);
  const [isBusy, setBusy] = useState(false);
  const running = useRef(false);

  const refuse: Form<T>["refuse"] = (found) => {
    setErrors(found);
    focusWrong();
  };

  const fail = (error: unknown) => {
    const fields = errorFields(error);
    const known = [...fields].filter(([name]) => name in original).map(([name, { message }]) => [name, message]);
    setWrong(known.length > 0 && known.length === fields.size ? undefined : error);
    refuse(Object.fromEntries(known) as Form<T>["errors"]);
  };

  const submit: Form<T>["submit"] = async (act) => {
    if (running.current) return false;
    running.current = true;
    setBusy(true);
    setErrors({});
    setWrong(undefined);
    try {
      await act(draft);
      return true;
    } catch (error) {
      fail(error);
      return false;
    } finally {
      running.current = false;
      setBusy(false);
    }
  };

  const set: Form<T>["set"] = (change) => {
    setDraft((now) => ({ ...now, ...change }));
    setErrors((now) => Object.fromEntries(Object.entries(now).filter(([name]) => !(name in change))) as Form<T>["errors"]);
  };

  const isDirty = (Object.keys(original) as (keyof T)[]).some((key) => draft[key] !== original[key]);
  return { draft, set, errors, wrong, isBusy, isDirty, submit, refuse };
};

// Props of a text field that edits one member.
export const bind = <T extends object, K extends keyof T & string>(form: Form<T>, name: K) => {
  const error = form.errors[name];
  return {
    name,
    value: form.draft[name] as string,
    onInput: (value: string) => form.set({ [name]: value } as unknown as Partial<T>),
    ...(error ? { error } : {}),
  };
};
