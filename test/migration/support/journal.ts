import { Injectable } from '@nestjs/common';
import { Inbox } from '../../support/inbox.js';

/** What the handlers of an app did, line by line. */
@Injectable()
export class Journal extends Inbox<string> {}
