import { tap } from 'rxjs';
import { isPaid, validOrder } from './order.rules.mjs';

/** The three of P4, the same ones for every contender on Nest. */
export class UnpaidGuard {
  canActivate(context) {
    return !isPaid(context.switchToRpc().getData());
  }
}

export class OrderPipe {
  transform(value, { type }) {
    return type === 'body' ? validOrder(value) : value;
  }
}

export class CountingInterceptor {
  handled = 0;

  intercept(_context, next) {
    return next.handle().pipe(tap(() => (this.handled += 1)));
  }
}
