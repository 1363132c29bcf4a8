import type { OnApplicationShutdown, BeforeApplicationShutdown } from '@nestjs/common';
import type { EventBusPublisher, EventBusSubscriber, TransportFactory } from 'nestjs-redis-event-bus';
import { InstanceDirectory } from 'nestjs-redis-event-bus/reporting';
import { ConsoleCommands } from './console.commands.js';
import type { ConsoleWelcome } from './frame.js';
import { ConsolePicture } from './picture/console.picture.js';
import { ReportFeed } from './report.feed.js';
import { Viewers } from './viewers.js';

/** The parts of a bus that the console needs. */
export interface ConsoleBus {
  readonly factory: TransportFactory;
  readonly prefix: string;
  readonly publisher: EventBusPublisher;
  readonly subscriber: EventBusSubscriber;
}

/** One console: what it knows, who looks, and what they may do. */
export class EventBusConsole implements BeforeApplicationShutdown, OnApplicationShutdown {
  readonly viewers: Viewers;
  readonly commands: ConsoleCommands;
  private readonly feed: ReportFeed;
  private closing: Promise<void> = Promise.resolve();

  constructor({ factory, prefix, publisher, subscriber }: ConsoleBus, welcome: ConsoleWelcome) {
    const directory = new InstanceDirectory();
    const picture = new ConsolePicture(directory);
    this.feed = new ReportFeed(factory, prefix, directory, (report) => picture.take(report));
    this.commands = new ConsoleCommands(publisher, subscriber, picture);
    const { feed } = this;
    this.viewers = new Viewers(
      {
        begin: () => feed.open(),
        end: () => {
          this.closing = Promise.all([feed.close(), this.commands.stop()]).then(
            () => undefined,
            () => undefined,
          );
        },
        next: () => picture.next(feed.link),
        first: (frame) => picture.first(frame),
      },
      welcome,
    );
  }

  /** Pages would keep the HTTP server open. */
  beforeApplicationShutdown(): void {
    this.viewers.close();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.closing;
  }
}
