"""DynamoDB's own rules for requests, which every request that is sent in any test is held against.

Local engines take some requests that DynamoDB refuses, and botocore knows the form of requests only.  This package is a
second opinion.  It shares no code with the library, so that one mistake cannot hide another.

- ``refusals``: the rules, each with a name, and how it is said that a request breaks one;
- ``values``: attribute values, their sizes, items, and values of keys;
- ``tokens``, ``nodes``, ``conditions``, ``updates``: expressions, from their text to what is wrong with them;
- ``expressions``: all expressions of one request together, with their placeholders;
- ``tables``: what is known of tables from the requests that created and changed them;
- ``operations``, ``reads``, ``writes``, ``table_requests``: whole requests, each kind with rules of its own;
- ``suite``: the part that pytest sees.  It looks at requests where they are sent, and fails the test that sent a wrong
  one.
"""
