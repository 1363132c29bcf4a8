/**
 * The script of the page, as it is served. It writes text nodes only: nothing in a document can become markup. The document
 * stands beside the folder of the script.
 */
export const PAGE_SCRIPT = `const source = new URL(new URL('.', import.meta.url).pathname.replace(/\\/$/, '.json'), import.meta.url);
const main = document.getElementById('document');

function element(name, content, attributes = {}) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...(Array.isArray(content) ? content : [content]));
  return made;
}

const json = (value) => element('pre', JSON.stringify(value, null, 2), { tabindex: '0' });
const folded = (title, value) => element('details', [element('summary', title), json(value)]);
const last = (ref) => ref.split('/').at(-1);

function section(title, items) {
  return element('section', [element('h2', title), ...(items.length > 0 ? items : [element('p', 'None.')])]);
}

function nameOf(channel) {
  return channel.address ?? channel['x-redis-pubsub'].kind + ' ' + channel['x-redis-pubsub'].name;
}

function operation(id, { title, channel, reply, 'x-event-bus': details }, channels) {
  const name = ({ $ref }) => element('code', nameOf(channels[last($ref)]));
  const replies = reply ? [element('p', ['Replies on ', name(reply.channel)])] : [];
  return element('section', [element('h3', title), element('p', name(channel)), ...replies, folded('Details', details)], { id });
}

function channelOf(id, channel, { messages, schemas }) {
  const shown = Object.values(channel.messages).map(({ $ref }) => {
    const { name, description, payload } = messages[last($ref)];
    const schema = payload.$ref ? schemas[last(payload.$ref)] : payload;
    return element('div', [element('h4', name), element('p', description), folded('Payload', schema)]);
  });
  const parameters = channel.parameters ? [folded('Parameters', channel.parameters)] : [];
  return element('section', [element('h3', element('code', nameOf(channel))), ...parameters, ...shown], { id: 'channel-' + id });
}

function show({ info, servers = {}, channels, operations, components }) {
  document.title = info.title;
  const of = (action) => Object.entries(operations)
    .filter(([, each]) => each.action === action)
    .map(([id, each]) => operation(id, each, channels));
  const link = (ending) => element('a', ending.toUpperCase(), { href: source.pathname.replace(/json$/, ending) });
  main.replaceChildren(
    element('h1', info.title + ' ' + info.version),
    element('p', info.description, { class: 'description' }),
    element('p', [link('json'), ' ', link('yaml')]),
    section('Servers', Object.values(servers).map(({ host, protocol }) => element('p', element('code', protocol + '://' + host)))),
    section('Receives', of('receive')),
    section('Sends', of('send')),
    section('Channels', Object.entries(channels).map(([id, channel]) => channelOf(id, channel, components))),
  );
}

try {
  const response = await fetch(source);
  if (!response.ok) throw new Error('The server answered ' + response.status + '.');
  show(await response.json());
} catch (error) {
  main.replaceChildren(element('p', 'The document cannot be shown: ' + error.message, { role: 'alert' }));
}
main.removeAttribute('aria-busy');
`;
