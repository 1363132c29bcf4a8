import { connection, frame, presentInstances } from '../model.js';
import { Channels } from './channels.js';
import { Events } from './events.js';
import { Forms } from './forms.js';
import { Handlers } from './handlers.js';
import { Header } from './header.js';
import { Instances } from './instances.js';
import { NobodyYet } from './nobody.yet.js';
import { Rates } from './rates.js';
import { Troubles } from './troubles.js';

export function App() {
  const shown = frame.value;
  return (
    <>
      <Header />
      <main>
        {connection.value === 'lost' && (
          <p class="banner bad">The console does not answer. What you see is old; trying again.</p>
        )}
        {shown !== undefined && !shown.link.isLive && (
          <p class="banner bad">
            The console has lost its own link
            {shown.link.reason === undefined ? '' : ` (${shown.link.reason})`}. It judges no instance until it
            is back.
          </p>
        )}
        {shown?.link.place.startsWith('memory') === true && (
          <p class="banner">
            There is no Redis: all services share this process. A lost connection, a gap and a service that
            dies cannot be tried.
          </p>
        )}
        {shown === undefined ? (
          <p class="banner">Waiting for the console …</p>
        ) : shown.instances.length === 0 ? (
          <NobodyYet />
        ) : (
          <>
            <Channels />
            <div class="pair">
              <Rates />
              <Troubles />
            </div>
            <Instances />
            <Handlers />
          </>
        )}
        <Events />
        <Forms />
      </main>
      <footer>
        <p>
          <kbd>/</kbd> filters events, <kbd>p</kbd> pauses them.
          {shown !== undefined && shown.leftOut.length > 0 && ` Not shown: ${shown.leftOut.join(', ')}.`}
          {presentInstances.value.length > 0 && ' Rates are those of the last 5 seconds.'}
        </p>
      </footer>
    </>
  );
}
