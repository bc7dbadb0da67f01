"""The endpoints, a file a family. A handler takes the state and a request and returns JSON or a `Reply`."""
