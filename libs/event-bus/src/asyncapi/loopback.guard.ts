import type { CanActivate, ExecutionContext } from '@nestjs/common';
import { Injectable } from '@nestjs/common';

/** The parts of a request that Express and Fastify share. */
interface LocalRequest {
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly socket?: { readonly remoteAddress?: string | undefined };
}

const LOOPBACK = /^(?:(?:::ffff:)?127(?:\.\d{1,3}){3}|::1)$/;
/** A web page of another site may make a browser of this machine send requests here, by a name of its own. */
const LOCAL_HOST = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i;
const FORWARDED = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
];

/** Lets in requests from this machine alone, and none that a proxy on this machine has forwarded. */
@Injectable()
export class LoopbackGuard implements CanActivate {
  /** False answers 403. */
  canActivate(context: ExecutionContext): boolean {
    if (context.getType<string>() !== 'http') return false;
    const { headers, socket } = context.switchToHttp().getRequest<LocalRequest>();
    return (
      LOOPBACK.test(socket?.remoteAddress ?? '') &&
      LOCAL_HOST.test(String(headers['host'])) &&
      FORWARDED.every((name) => headers[name] === undefined)
    );
  }
}
