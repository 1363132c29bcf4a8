import {
  type ArgumentMetadata,
  BadRequestException,
  Injectable,
  StandardSchemaValidationPipe,
} from '@nestjs/common';
import { orderNewsSchema } from './notification.js';

/** Lets a handler have only events that it can use: anybody may publish anything on a channel. */
@Injectable()
export class OrderNewsPipe extends StandardSchemaValidationPipe {
  constructor() {
    // One sentence rather than a list: it goes to the log, not to a client.
    super({
      exceptionFactory(this: OrderNewsPipe, issues) {
        return new BadRequestException(this.formatIssueMessages(issues).join('; '));
      },
    });
  }

  override transform<T>(payload: T, metadata: ArgumentMetadata): Promise<T> {
    return super.transform(payload, { ...metadata, schema: orderNewsSchema });
  }
}
