import type { ComponentChildren } from 'preact';

/** A part of the page with its heading, by which screen readers find it. */
export function Panel(props: {
  id: string;
  title: string;
  note?: string | undefined;
  children: ComponentChildren;
}) {
  const { id, title, note, children } = props;
  return (
    <section class="panel" aria-labelledby={`${id}-title`} id={id}>
      <h2 id={`${id}-title`}>
        {title}
        {note !== undefined && <small> {note}</small>}
      </h2>
      {children}
    </section>
  );
}

/** A table that may be wider than the page: it scrolls, also by keyboard. */
export function Scrolling({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    <div class="scrolling" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
