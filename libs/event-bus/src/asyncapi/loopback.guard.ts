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
/** Where the application allows other origins (CORS), such a page could read the answer. */
const LOCAL_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/i;
/** What proxies and CDNs add. */
const FORWARDED =
  /^(?:forwarded|via|x-(?:forwarded|original|real|client|cluster|envoy)-.+|true-client-ip|cf-.+|fastly-.+)$/;

/** Lets in requests from this machine alone, and none that a proxy on this machine has forwarded. */
@Injectable()
export class LoopbackGuard implements CanActivate {
  /** False answers 403. */
  canActivate(context: ExecutionContext): boolean {
    if (context.getType<string>() !== 'http') return false;
    const { headers, socket } = context.switchToHttp().getRequest<LocalRequest>();
    const { host, origin } = headers;
    return (
      LOOPBACK.test(socket?.remoteAddress ?? '') &&
      LOCAL_HOST.test(String(host)) &&
      (origin === undefined || LOCAL_ORIGIN.test(String(origin))) &&
      !Object.keys(headers).some((name) => FORWARDED.test(name))
    );
  }
}
