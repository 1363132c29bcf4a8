import { signal } from '@preact/signals';

type Theme = 'auto' | 'light' | 'dark';
const THEMES: readonly Theme[] = ['auto', 'light', 'dark'];
const KEY = 'event-bus-console:theme';

export const theme = signal<Theme>(stored());
apply(theme.value);

/** Chooses the next one of auto, light and dark. */
export function nextTheme(): void {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? 'auto';
  theme.value = next;
  apply(next);
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Without storage, the choice ends with the page.
  }
}

function apply(chosen: Theme): void {
  document.documentElement.dataset['theme'] = chosen;
}

function stored(): Theme {
  try {
    return THEMES.find((name) => name === localStorage.getItem(KEY)) ?? 'auto';
  } catch {
    return 'auto';
  }
}
