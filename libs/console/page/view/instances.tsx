import type { ShownInstance, ShownState } from '../../src/frame.js';
import { clockText, durationText, numberText, rateText } from '../format.js';
import { frame } from '../model.js';
import { Panel, Scrolling } from './panel.js';

const MARKS: Readonly<Record<ShownState, string>> = {
  ready: '●',
  degraded: '◐',
  connecting: '◔',
  closed: '○',
  silent: '◌',
  gone: '✕',
};

export function Instances() {
  const instances = frame.value?.instances ?? [];
  return (
    <Panel id="instances" title="Instances">
      <Scrolling label="Table of instances">
        <table>
          <thead>
            <tr>
              <th scope="col">Service</th>
              <th scope="col">State</th>
              <th scope="col" class="number">
                Published
              </th>
              <th scope="col" class="number">
                Handled
              </th>
              <th scope="col" class="number">
                Waiting
              </th>
              <th scope="col" class="number">
                Round trip
              </th>
              <th scope="col">Subscriptions</th>
              <th scope="col" class="number">
                Gaps
              </th>
              <th scope="col" class="number">
                Up
              </th>
              <th scope="col">Process</th>
            </tr>
          </thead>
          <tbody>
            {instances.map((instance) => (
              <Instance key={instance.key} instance={instance} />
            ))}
          </tbody>
        </table>
      </Scrolling>
    </Panel>
  );
}

function Instance({ instance }: { instance: ShownInstance }) {
  const { service, state, published, handled, waiting, roundTripMs, gaps, missed, host, pid, version, id } =
    instance;
  const isThere = state !== 'silent' && state !== 'gone';
  const atMs = frame.value?.atMs ?? 0;
  return (
    <tr class={isThere ? undefined : 'away'}>
      <th scope="row">{service}</th>
      <td>
        <State {...instance} />
      </td>
      <td class="number">{isThere ? rateText(published) : '–'}</td>
      <td class="number">{isThere ? rateText(handled) : '–'}</td>
      <td class="number">{numberText(waiting)}</td>
      <td class="number">{durationText(roundTripMs)}</td>
      <td>{subscriptionText(instance)}</td>
      <td class={gaps > 0 ? 'number bad' : 'number'}>
        {numberText(gaps)}
        {missed > 0 && <small> {numberText(missed)} missed</small>}
      </td>
      <td class="number">{isThere ? durationText(atMs - instance.startedAtMs) : '–'}</td>
      <td class="process">
        {host}{' '}
        <small>
          pid {pid}
          {version === undefined ? '' : ` · ${version}`} · {id}
        </small>
      </td>
    </tr>
  );
}

/** The word says it, the mark and the colour repeat it. */
function State({ state, reason, lastSeenAtMs }: ShownInstance) {
  const isThere = state !== 'silent' && state !== 'gone';
  return (
    <>
      <span class={`state ${state}`}>
        <span aria-hidden="true">{MARKS[state]} </span>
        {state}
      </span>
      {!isThere && <small> last seen {clockText(lastSeenAtMs)}</small>}
      {isThere && reason !== undefined && <small> {reason}</small>}
    </>
  );
}

function subscriptionText({ subscriptions: { active, wanted, denied } }: ShownInstance): string {
  const confirmed = active === wanted ? String(active) : `${active} of ${wanted}`;
  return denied === 0 ? confirmed : `${confirmed}, ${denied} denied`;
}
