import {
  type ArgumentMetadata,
  BadRequestException,
  Injectable,
  StandardSchemaValidationPipe,
} from '@nestjs/common';
import { orderNewsSchema } from './notification.js';

/** Passes only valid payloads to a handler: any client may publish anything on a channel. */
@Injectable()
export class OrderNewsPipe extends StandardSchemaValidationPipe {
  constructor() {
    // One sentence instead of a list: it is written to the log, not sent to a client.
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
