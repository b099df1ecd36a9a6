import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import { Mark } from "../../ui/Mark/Mark.tsx";

// A page of one thing, in the middle. `own`: it is the dashboard's; else it speaks for the app.
export const Card = ({ title, lead, own = true, children }: { title: string; lead?: ComponentChildren; own?: boolean; children?: ComponentChildren }) => {
  useEffect(() => {
    document.title = own ? `${title} · Reeve` : title;
  }, [title, own]);
  return (
    <main class="card-page" tabIndex={-1}>
      <div class="card">
        {own && <Mark size={32} />}
        <h1 tabIndex={-1}>{title}</h1>
        {lead && <p class="card-lead">{lead}</p>}
        {children}
      </div>
    </main>
  );
};
