// The query of a view.

export const view = {
  query: "Query",
  queryHint: "One SELECT with a column called id that is different in each row. It is tried as you type.",
  failed: "The query does not work",
  works: (fields: number, rows: number) => `It works: ${fields} ${fields === 1 ? "field" : "fields"}, ${rows === 0 ? "no rows yet" : rows === 1 ? "1 row shown" : `the first ${rows} rows shown`}.`,
  sample: "First rows",
  wildcard: "Columns have to be named one by one: * is not taken.",
  noId: "A column called id is missing; (ROW_NUMBER() OVER()) AS id makes one.",
  asJson: "sum, avg, min and max come out as JSON; CAST(sum(x) AS REAL) AS total makes a number.",
};
