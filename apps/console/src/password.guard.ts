import { createHash, timingSafeEqual } from 'node:crypto';
import { type CanActivate, type ExecutionContext, UnauthorizedException } from '@nestjs/common';

const USER = 'console';

interface BrowserRequest {
  readonly headers: { readonly authorization?: string | undefined };
}

interface ReplyWithHeaders {
  setHeader(name: string, value: string): void;
}

/** Asks a browser for a user and a password (RFC 7617). Behind HTTPS only: they are sent with each request. */
export class PasswordGuard implements CanActivate {
  private readonly wanted: Buffer;

  constructor(password: string) {
    this.wanted = digest(`${USER}:${password}`);
  }

  canActivate(context: ExecutionContext): boolean {
    const http = context.switchToHttp();
    const { authorization = '' } = http.getRequest<BrowserRequest>().headers;
    const [, encoded = ''] = /^Basic ([\w+/=-]+)$/i.exec(authorization) ?? [];
    if (timingSafeEqual(digest(Buffer.from(encoded, 'base64').toString()), this.wanted)) return true;
    http
      .getResponse<ReplyWithHeaders>()
      .setHeader('www-authenticate', 'Basic realm="event bus", charset="UTF-8"');
    throw new UnauthorizedException();
  }
}

/** Of equal length, as the comparison needs it. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
