import { togglePause } from './model.js';

/** `/` goes to the filter, `p` pauses the list of events; not while a form has the focus. */
export function followKeys(): void {
  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || isForm(event.target)) return;
    if (event.key === 'p') togglePause();
    else if (event.key === '/') document.querySelector<HTMLInputElement>('#filter')?.focus();
    else return;
    event.preventDefault();
  });
}

function isForm(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest('input, textarea, select') !== null;
}
