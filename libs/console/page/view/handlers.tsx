import { durationText, numberText, rateText } from '../format.js';
import { frame } from '../model.js';
import { Panel, Scrolling } from './panel.js';

export function Handlers() {
  const handlers = frame.value?.handlers ?? [];
  if (handlers.length === 0) return null;
  return (
    <Panel id="handlers" title="Handlers">
      <Scrolling label="Table of handlers">
        <table>
          <thead>
            <tr>
              <th scope="col">Handler</th>
              <th scope="col">Targets</th>
              <th scope="col">Served by</th>
              <th scope="col" class="number">
                Calls
              </th>
              <th scope="col" class="number">
                Mean
              </th>
              <th scope="col" class="number">
                Slowest
              </th>
              <th scope="col" class="number">
                Waiting
              </th>
              <th scope="col" class="number">
                Handled
              </th>
              <th scope="col" class="number">
                Failed
              </th>
              <th scope="col" class="number">
                Dropped
              </th>
            </tr>
          </thead>
          <tbody>
            {handlers.map((handler) => (
              <tr key={handler.key}>
                <th scope="row">
                  <code>{handler.handler}</code>{' '}
                  <small>
                    {handler.service}
                    {handler.instances > 1 && ` ×${handler.instances}`}
                  </small>
                </th>
                <td>
                  <Names names={handler.targets} />
                </td>
                <td>
                  <Names names={handler.subscriptions} />
                </td>
                <td class="number">{rateText(handler.rate)}</td>
                <td class="number">{durationText(handler.tookMs)}</td>
                <td class="number">{durationText(handler.slowestMs)}</td>
                <td class="number">{numberText(handler.waiting + handler.running)}</td>
                <td class="number">{numberText(handler.handled)}</td>
                <td class={handler.failed > 0 ? 'number bad' : 'number'}>{numberText(handler.failed)}</td>
                <td class={handler.dropped > 0 ? 'number bad' : 'number'}>{numberText(handler.dropped)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scrolling>
    </Panel>
  );
}

function Names({ names }: { names: readonly string[] }) {
  if (names.length === 0) return <span class="faint">none</span>;
  return (
    <>
      {names.map((name) => (
        <code class="name" key={name}>
          {name}
        </code>
      ))}
    </>
  );
}
