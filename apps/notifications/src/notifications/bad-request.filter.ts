import { BadRequestException, Catch, type ExceptionFilter } from '@nestjs/common';
import { type Observable, throwError } from 'rxjs';

/** Tells who asked what is wrong with the request, in the words of HTTP; Nest says nothing but that it failed. */
@Catch(BadRequestException)
export class BadRequestFilter implements ExceptionFilter<BadRequestException> {
  catch(exception: BadRequestException): Observable<never> {
    return throwError(() => exception.getResponse());
  }
}
