import { BadRequestException, Catch, type ExceptionFilter } from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';

/** Replies with the reason why a request is invalid; by default Nest replies only that it failed. */
@Catch(BadRequestException)
export class BadRequestFilter implements ExceptionFilter<BadRequestException> {
  catch(exception: BadRequestException): Observable<never> {
    return throwError(() => exception.getResponse());
  }
}
