// A sale from the customer to the report, by the client that @hey-api/openapi-ts made of us.
// node smoke.js URL KEY → what came of it, as JSON.
import {
  customersCreate,
  invoicePaymentsCreate,
  invoicesRetrieve,
  quotesAccept,
  quotesConvert,
  quotesCreate,
  reportsFinancial,
} from "./client";
import { client } from "./client/client.gen";

declare const process: { argv: string[] };

async function sale(url: string, key: string) {
  client.setConfig({ baseUrl: url, auth: key, throwOnError: true });
  const options = { throwOnError: true } as const;
  const customer = await customersCreate({ ...options, body: { account: "Ada GmbH" } });
  const quote = await quotesCreate({
    ...options,
    body: {
      customer_id: customer.data.data.id,
      items: [{ description: "Consulting", amount: 500, qty: 4 }],
    },
  });
  const path = { id: quote.data.data.id };
  const accepted = await quotesAccept({ ...options, path });
  const invoice = await quotesConvert({ ...options, path });
  await invoicePaymentsCreate({
    ...options,
    path: { invoice_pk: invoice.data.data.id },
    body: { amount: invoice.data.data.amount },
  });
  const paid = await invoicesRetrieve({ ...options, path: { id: invoice.data.data.id } });
  const report = await reportsFinancial(options);
  return {
    quote: accepted.data.data.status,
    number: paid.data.data.invoice_number,
    status: paid.data.data.status,
    income: report.data.data.income,
  };
}

const [url, key] = process.argv.slice(2);
sale(url, key).then((came) => console.log(JSON.stringify(came)));
