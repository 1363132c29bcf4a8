import { frame } from '../model.js';
import { Panel } from './panel.js';

const LINES = `import { EventBusReportingModule } from 'nestjs-redis-event-bus/reporting';

@Module({
  imports: [
    EventBusModule.forRoot({ … }),
    EventBusReportingModule.forRoot({ service: 'orders' }),
  ],
})`;

/** What to write where no service reports. */
export function NobodyYet() {
  return (
    <Panel id="nobody" title="No instance yet">
      <p>
        Nobody reports at <code>{frame.value?.link.place}</code>. Services report when they import this
        module, with the same Redis and the same prefix as the console:
      </p>
      <pre tabIndex={0} aria-label="What to import">
        {LINES}
      </pre>
    </Panel>
  );
}
