import type { TailRow } from '../../src/frame.js';
import { bytesText, durationText, exactClockText, numberText } from '../format.js';
import {
  filterText,
  isPaused,
  isProblem,
  notShown,
  problemsOnly,
  rows,
  togglePause,
  visibleRows,
} from '../model.js';
import { Panel } from './panel.js';

export function Events() {
  return (
    <Panel id="events" title="Events">
      <div class="controls">
        <label>
          Channel{' '}
          <input
            id="filter"
            type="search"
            placeholder="orders:*"
            autocomplete="off"
            spellcheck={false}
            value={filterText.value}
            onInput={({ currentTarget }) => (filterText.value = currentTarget.value)}
          />
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={problemsOnly.value}
            onChange={({ currentTarget }) => (problemsOnly.value = currentTarget.checked)}
          />{' '}
          problems only
        </label>
        <button type="button" aria-pressed={isPaused.value} onClick={togglePause}>
          {isPaused.value ? 'Go on' : 'Pause'}
        </button>
        <span class="faint" id="not-shown">
          {notShown.value > 0 &&
            `${numberText(notShown.value)} not shown${isPaused.value ? ' since the pause' : ' per second'}`}
        </span>
      </div>
      {visibleRows.value.length === 0 ? (
        <p class="empty">{rows.value.length === 0 ? 'No event yet.' : 'No event matches.'}</p>
      ) : (
        <ol class="tail" tabIndex={0} aria-label="Events, the newest first">
          {visibleRows.value.map((row) => (
            <Row key={row.key} row={row} />
          ))}
        </ol>
      )}
    </Panel>
  );
}

function Row({ row }: { row: TailRow }) {
  const { atMs, channel, publisher, subscriptions, outcomes, payload, bytes } = row;
  return (
    <li class={isProblem(row) ? 'problem' : undefined}>
      <time>{exactClockText(atMs)}</time>
      <code class="channel">{channel}</code>
      <span class="from">
        {publisher ?? '?'} {subscriptions === undefined ? '' : `→ ${subscriptions}`}
      </span>
      <span class="outcomes">
        {subscriptions === 0 && <span class="warning">reached nobody</span>}
        {outcomes.map(({ service, handler, tookMs, error }) => (
          <span class={error === undefined ? 'outcome' : 'outcome bad'} key={`${service} ${handler}`}>
            {handler} {error === undefined ? `✓ ${durationText(tookMs)}` : `✗ ${error}`}
          </span>
        ))}
      </span>
      <code class="payload">{payload ?? (bytes > 0 ? bytesText(bytes) : '')}</code>
    </li>
  );
}
