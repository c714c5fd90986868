// The page of /graphql in development: sends the document to where it came from, shows the answer.
"use strict";

const operation = document.getElementById("operation");
const answer = document.getElementById("answer");

operation.addEventListener("submit", async (event) => {
  event.preventDefault();
  const said = new FormData(operation);
  const headers = { "Content-Type": "application/json" };
  if (said.get("authorization")) headers.Authorization = said.get("authorization");
  answer.textContent = "…";
  try {
    const variables = JSON.parse(said.get("variables") || "{}");
    const body = JSON.stringify({ query: said.get("query"), variables });
    const response = await fetch(location.pathname, {
      method: "POST",
      headers,
      body,
      credentials: "omit",
    });
    answer.textContent = JSON.stringify(await response.json(), null, 2);
  } catch (error) {
    answer.textContent = String(error);
  }
});
