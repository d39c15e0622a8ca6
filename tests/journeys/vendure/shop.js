// A real Vendure with its sample catalogue: node shop.js PORT DATABASE PLUGIN WEBHOOK TOKEN [major]
require('reflect-metadata');
const path = require('path');
const fs = require('fs');
const core = require('@vendure/core');
const { populate } = require('@vendure/core/cli');

const [port, database, plugin, webhook, token, amounts] = process.argv.slice(2);
// The plugin lies outside of node_modules' reach; it is loaded as if it lay here.
const here = path.join(__dirname, 'till_central_plugin.js');
fs.copyFileSync(plugin, here);
const { TillCentralPlugin } = require(here);
const assets = path.join(__dirname, 'node_modules', '@vendure', 'create', 'assets');

const isMajor = amounts === 'major';

// What a till's scanner reads off a customer's telephone begins with what tells it from other codes.
class OrderNumbers extends core.DefaultOrderCodeStrategy {
  generate(context) {
    return `WEB-${super.generate(context)}`;
  }
}

// Money as a double in major units, rounded to the cent: 19.99, where Vendure by itself has 1999.
class MajorUnits {
  moneyColumnOptions = { type: 'real' };
  round(value, quantity = 1) {
    return Math.round(value * quantity * 100) / 100;
  }
}

const config = {
  apiOptions: { port: Number(port), hostname: '127.0.0.1', adminApiPath: 'admin-api', shopApiPath: 'shop-api' },
  dbConnectionOptions: { type: 'better-sqlite3', synchronize: true, logging: false, database },
  authOptions: {
    tokenMethod: 'bearer',
    requireVerification: false,
    superadminCredentials: { identifier: 'superadmin', password: 'superadmin' },
    cookieOptions: { secret: 'not-a-secret' },
  },
  orderOptions: { orderCodeStrategy: new OrderNumbers() },
  paymentOptions: { paymentMethodHandlers: [core.dummyPaymentHandler] },
  logger: new core.DefaultLogger({ level: core.LogLevel.Error }),
  ...(isMajor && { entityOptions: { moneyStrategy: new MajorUnits() } }),
  plugins: [
    core.DefaultJobQueuePlugin,
    core.DefaultSearchPlugin,
    TillCentralPlugin.init({ url: webhook, token }),
  ],
};

async function main() {
  if (!fs.existsSync(database)) {
    const initial = require(path.join(assets, 'initial-data.json'));
    // The importer takes a price times a hundred, whatever the strategy; carriage stands there so.
    if (isMajor) initial.shippingMethods.forEach((method) => (method.price /= 100));
    const made = await populate(() => core.bootstrap(config), initial, path.join(assets, 'products.csv'));
    if (isMajor) {
      const { rawConnection } = made.get(core.TransactionalConnection);
      await rawConnection.query('UPDATE product_variant_price SET price = price / 100.0');
    }
    await made.close();
  }
  const app = await core.bootstrap(config);
  await app.get(core.JobQueueService).start();
  console.log('ready');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
