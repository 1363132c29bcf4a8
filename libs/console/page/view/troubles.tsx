import { clockText } from '../format.js';
import { frame } from '../model.js';
import { Panel } from './panel.js';

export function Troubles() {
  const troubles = frame.value?.troubles ?? [];
  return (
    <Panel id="troubles" title="What went wrong">
      {troubles.length === 0 ? (
        <p class="empty">Nothing since the console began to watch.</p>
      ) : (
        <ol class="troubles" tabIndex={0} aria-label="What went wrong, the newest first">
          {troubles.map(({ id, atMs, kind, at, text }) => (
            <li key={id}>
              <time>{clockText(atMs)}</time>
              <span class={`kind ${kind}`}>{kind}</span>
              <span>
                <strong>{at}</strong> {text}
              </span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
