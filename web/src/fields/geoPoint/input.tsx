import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { t } from "../../i18n/t.ts";
import { isObject, readNumber, whole } from "../../lib/values.ts";
import { Button } from "../../ui/Button/Button.tsx";
import { Icon } from "../../ui/Icon/Icon.tsx";
import { NumberInput } from "../../ui/Number/Number.tsx";
import { hintOf, useSaid, useTyped } from "../input.tsx";
import type { FieldInputProps } from "../types.ts";
import { readPair } from "./pair.ts";

type Part = "lat" | "lon";

const waitMs = 10_000;

// An answer that comes late: it is wanted as long as nothing else was asked, typed or shown since.
const useAsked = (shown: string) => {
  const now = useRef({ shown, turn: 0 });
  now.current.shown = shown;
  const forget = () => void now.current.turn++;
  useLayoutEffect(() => forget, []); // at once: a drawer that closes would keep it as a draft
  const ask = () => {
    const then = { ...now.current, turn: ++now.current.turn };
    return () => now.current.turn === then.turn && now.current.shown === then.shown;
  };
  return { ask, forget };
};

export const GeoPointInput = (props: FieldInputProps) => {
  const { field, value, onChange, row } = props;
  const { said, onBlur } = useSaid(props);
  const [wrong, say] = useState("");
  const { lat = 0, lon = 0 } = isObject(value) ? value : {}; // a part that is typed by half is a text
  const asked = useAsked(`${row?.id} ${whole(value)}`);
  const change = (made: unknown) => {
    asked.forget();
    onChange(made);
  };
  const set = (part: Part, made: unknown) => change({ lon, lat, [part]: made });
  const both = (north: unknown, east: unknown) => change({ lon: east, lat: north });
  const paste = (event: ClipboardEvent) => {
    const found = readPair(event.clipboardData?.getData("text") ?? "");
    if (!found) return;
    event.preventDefault();
    both(readNumber(found[0]), readNumber(found[1]));
  };
  const here = () => {
    say("");
    const isWanted = asked.ask();
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => isWanted() && both(coords.latitude, coords.longitude),
      () => isWanted() && say(t.fields.noPlace),
      { timeout: waitMs },
    );
  };
  const error = said || wrong;
  return (
    <div class={`field${error ? " field-wrong" : ""}`} role="group" aria-label={field.name} onPaste={paste}>
      <div class="field-head">
        <span class="field-label">{field.name}</span>
        {field.required && <span class="field-required" aria-hidden="true">{t.common.required}</span>}
      </div>
      <div class="geo-parts">
        <Degrees part="lat" name={field.name} value={lat} onChange={(made) => set("lat", made)} onBlur={onBlur} isWrong={error !== ""} />
        <Degrees part="lon" name={field.name} value={lon} onChange={(made) => set("lon", made)} onBlur={onBlur} isWrong={error !== ""} />
        <Button kind="quiet" icon="map-pin" onClick={here}>{t.fields.herePlace}</Button>
        <Button kind="quiet" icon="x" onClick={() => both(0, 0)}>{t.fields.noPoint}</Button>
      </div>
      <p class="field-hint">{hintOf(props, t.fields.pastePoint)}</p>
      {error && <p class="field-error"><Icon name="circle-alert" size={14} />{error}</p>}
    </div>
  );
};

const Degrees = ({ part, name, value, onChange, onBlur, isWrong }: { part: Part; name: string; value: unknown; onChange: (made: unknown) => void; onBlur: () => void; isWrong: boolean }) => {
  const [text, type] = useTyped(value, whole);
  const label = t.fields.degrees[part];
  return (
    <label class="geo-part">
      <span class="field-hint">{label}</span>
      <NumberInput
        attributes={{ "aria-invalid": isWrong ? true : undefined }}
        label={`${name}: ${label}`}
        value={text}
        onBlur={onBlur}
        onInput={(typed) => {
          const made = readNumber(typed);
          type(typed, made);
          onChange(made);
        }}
      />
    </label>
  );
};
