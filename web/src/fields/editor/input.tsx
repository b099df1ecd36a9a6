// Rich text. What edits it is fetched when the first one is shown; where it cannot be had, there is a
// text area with the source.

import { Lazy, type Load } from "../../ui/Lazy/Lazy.tsx";
import { whole } from "../../lib/values.ts";
import type { FieldAttributes } from "../../ui/Field/Field.tsx";
import { InputBox, useSaid } from "../input.tsx";
import type { FieldInputProps } from "../types.ts";
import { Plain } from "./plain.tsx";

export interface RichProps {
  of: FieldInputProps;
  text: string;
  attributes: FieldAttributes;
  onBlur: () => void;
}

const Source = (props: RichProps) => <Plain {...props} isInstead />;
const load: Load<RichProps> = () => import("./rich.tsx").then(({ Rich }) => Rich, () => Source);

export const EditorInput = (props: FieldInputProps) => {
  const { said, onBlur } = useSaid(props);
  return (
    <InputBox of={props} said={said}>
      {(attributes) => (
        <div class="rich-place">
          <Lazy load={load} of={{ of: props, text: whole(props.value), attributes, onBlur }} />
        </div>
      )}
    </InputBox>
  );
};
