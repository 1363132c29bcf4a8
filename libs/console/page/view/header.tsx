import { connection, frame, presentInstances, welcome } from '../model.js';
import { clockText, countText, numberText } from '../format.js';
import { nextTheme, theme } from '../theme.js';

export function Header() {
  const shown = frame.value;
  const isLive = connection.value === 'open' && shown?.link.isLive === true;
  return (
    <header>
      <h1>{welcome.value.title}</h1>
      <p class="place">
        {shown !== undefined && <code>{shown.link.place}</code>}
        <span class={isLive ? 'state ready' : 'state silent'}>{isLive ? 'live' : 'no link'}</span>
      </p>
      {shown !== undefined && (
        <dl class="totals">
          <Total name={present().name} value={present().value} />
          <Total name="published" value={`${numberText(shown.totals.published)}/s`} />
          <Total name="handled" value={`${numberText(shown.totals.handled)}/s`} />
          <Total
            name={`${shown.totals.gaps === 1 ? 'gap' : 'gaps'} since ${clockText(shown.totals.watchedSinceMs)}`}
            value={String(shown.totals.gaps)}
            isBad={shown.totals.gaps > 0}
          />
        </dl>
      )}
      <button type="button" class="quiet" onClick={nextTheme}>
        Theme: {theme.value}
      </button>
      <p role="status" class="unseen">
        {statusText()}
      </p>
    </header>
  );
}

function Total({ name, value, isBad = false }: { name: string; value: string; isBad?: boolean }) {
  return (
    <div class={isBad ? 'bad' : undefined}>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function present() {
  const count = presentInstances.value.length;
  return { name: count === 1 ? 'instance' : 'instances', value: String(count) };
}

/** Only what changes seldom: a screen reader says each change. */
function statusText(): string {
  const shown = frame.value;
  if (connection.value === 'lost') return 'The console does not answer.';
  if (shown === undefined) return 'Waiting for the console.';
  if (!shown.link.isLive) return 'The console has lost its own link.';
  const unwell = shown.instances.filter(({ state }) => state !== 'ready' && state !== 'gone');
  const services = [...new Set(unwell.map(({ service, state }) => `${service} ${state}`))];
  return [countText(presentInstances.value.length, 'instance'), ...services].join(', ');
}
