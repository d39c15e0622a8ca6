// Tells till-central where to look, for a Vendure 3 whose channel has `[channel.connector]`.
//
// In vendure-config: plugins: [require('./vendure_plugin.js').TillCentralPlugin.init({
//   url: 'https://hq.example/v1/channels/web/webhook', token: process.env.TILL_CENTRAL_TOKEN })]
//
// The token is the channel's own, of: till-central channel-token web
//
// Order codes alone are sent, and nothing that goes wrong here reaches the shop: till-central asks
// by itself for what it has not heard of.
require('reflect-metadata');
const core = require('@vendure/core');

const EVENTS = [
  core.OrderPlacedEvent,
  core.OrderStateTransitionEvent,
  core.PaymentStateTransitionEvent,
  core.RefundStateTransitionEvent,
];
const TIMEOUT_MS = 5000;

class TillCentralPlugin {
  static options = { url: '', token: '' };

  static init(options) {
    TillCentralPlugin.options = options;
    return TillCentralPlugin;
  }

  constructor(eventBus) {
    this.eventBus = eventBus;
  }

  onApplicationBootstrap() {
    for (const type of EVENTS) {
      this.eventBus.ofType(type).subscribe((event) => {
        tell(event.order && event.order.code).catch(() => {});
      });
    }
  }
}

async function tell(code) {
  const { url, token } = TillCentralPlugin.options;
  if (!code || !url) return;
  await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ order_no: code }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
}

Reflect.defineMetadata('design:paramtypes', [core.EventBus], TillCentralPlugin);
core.VendurePlugin({ imports: [core.PluginCommonModule] })(TillCentralPlugin);

module.exports = { TillCentralPlugin };
