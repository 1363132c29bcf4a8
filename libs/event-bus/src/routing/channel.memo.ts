const MAX_CHANNELS = 10_000;
const MAX_NAME_LENGTH = 256;

/**
 * What was found out for each of many channels. Bounded, since strangers may choose the names: values of long names are not kept,
 * and when it is full, it begins anew.
 */
export class ChannelMemo<Value> extends Map<string, Value> {
  override set(channel: string, value: Value): this {
    if (channel.length > MAX_NAME_LENGTH) return this;
    if (this.size >= MAX_CHANNELS) this.clear();
    return super.set(channel, value);
  }
}
