import type { ShownChannel, ShownHandler } from '../../src/frame.js';
import { countText, durationText, numberText, rateText } from '../format.js';
import { frame } from '../model.js';
import { Panel } from './panel.js';

/** Who talks to whom: publishers on the left, what they publish to, and who handles it. */
export function Channels() {
  const { channels = [], handlers = [], rates } = frame.value ?? {};
  const byKey = new Map(handlers.map((handler) => [handler.key, handler]));
  const busiest = Math.max(1, ...channels.map(({ rate }) => rate));
  return (
    <Panel
      id="channels"
      title="Who talks to whom"
      note={rates && channels.length > 0 ? 'last minute' : undefined}
    >
      {channels.length === 0 ? (
        <p class="empty">Nothing was published in the last minute.</p>
      ) : (
        <table class="flows">
          <thead>
            <tr>
              <th scope="col">Published by</th>
              <th scope="col">Channel</th>
              <th scope="col">Handled by</th>
            </tr>
          </thead>
          <tbody>
            {channels.map((channel) => (
              <Flow key={channel.name} channel={channel} busiest={busiest} handlersByKey={byKey} />
            ))}
          </tbody>
        </table>
      )}
    </Panel>
  );
}

function Flow(props: {
  channel: ShownChannel;
  busiest: number;
  handlersByKey: ReadonlyMap<string, ShownHandler>;
}) {
  const { channel, busiest, handlersByKey } = props;
  const { name, publishers, rate, subscriptions, toNobody, failed } = channel;
  const handlers = channel.handlers.flatMap((key) => handlersByKey.get(key) ?? []);
  return (
    <tr>
      <td data-label="Published by">
        <span class="chips">
          {publishers.map((service) => (
            <span class="chip" key={service}>
              {service}
            </span>
          ))}
        </span>
      </td>
      <th scope="row">
        <span class="flow">
          <code>{name}</code>
          <span class="rate">{rateText(rate)}</span>
        </span>
        <span class="bar" aria-hidden="true" style={{ '--share': String(rate / busiest) }} />
        {toNobody > 0 && (
          <span class="warning">
            ⚠ {subscriptions === 0 ? 'reached nobody' : `${countText(toNobody, 'event')} reached nobody`}
          </span>
        )}
        {failed > 0 && <span class="warning">⚠ {numberText(failed)} not published</span>}
      </th>
      <td data-label="Handled by">
        {handlers.length === 0 ? (
          <span class="faint">
            {subscriptions === 0
              ? 'no subscriber'
              : `${countText(subscriptions, 'subscription')}, none of these services`}
          </span>
        ) : (
          <ul class="handled-by">
            {handlers.map(({ key, service, handler, rate: calls, tookMs, waiting }) => (
              <li key={key}>
                <span class="chip">{service}</span> <code>{handler}</code>
                <span class="faint">
                  {rateText(calls)} · {durationText(tookMs)}
                  {waiting > 0 && ` · ${numberText(waiting)} waiting`}
                </span>
              </li>
            ))}
          </ul>
        )}
      </td>
    </tr>
  );
}
