import { signal } from '@preact/signals';
import type { Answer } from '../post.js';
import { post } from '../post.js';
import { welcome } from '../model.js';
import { Panel } from './panel.js';

/** Only what the console allows. */
export function Forms() {
  const { mayPublish, maySubscribe } = welcome.value;
  if (!mayPublish && !maySubscribe) return null;
  return (
    <div class="pair">
      {mayPublish && <PublishForm />}
      {maySubscribe && <ListenForm />}
    </div>
  );
}

const published = signal<Answer | undefined>(undefined);
const listened = signal<Answer | undefined>(undefined);

function PublishForm() {
  return (
    <Panel id="publish" title="Publish">
      <form onSubmit={(event) => void submit(event, 'publish', published)}>
        <label>
          Channel{' '}
          <input name="channel" required autocomplete="off" spellcheck={false} placeholder="orders:created" />
        </label>
        <label>
          Payload as JSON <textarea name="payload" rows={4} spellcheck={false} defaultValue="{}" />
        </label>
        <button type="submit">Publish</button>
        <Outcome answer={published.value} />
      </form>
    </Panel>
  );
}

function ListenForm() {
  return (
    <Panel id="listen" title="Listen" note="the console subscribes, and counts as a subscriber">
      <form onSubmit={(event) => void submit(event, 'listen', listened)}>
        <label>
          Target{' '}
          <input name="target" autocomplete="off" spellcheck={false} placeholder="orders:*, empty to stop" />
        </label>
        <button type="submit">Listen</button>
        <Outcome answer={listened.value} />
      </form>
    </Panel>
  );
}

function Outcome({ answer }: { answer: Answer | undefined }) {
  return (
    <p role="alert" class={answer?.isOk === false ? 'warning' : 'faint'}>
      {answer?.text}
    </p>
  );
}

async function submit(event: SubmitEvent, path: string, outcome: typeof published): Promise<void> {
  event.preventDefault();
  const form = new FormData(event.currentTarget as HTMLFormElement);
  outcome.value = { isOk: true, text: '…' };
  outcome.value = await post(path, Object.fromEntries(form));
}
