/** A request that brought no answer of use; `status` is 0 when the server was not reached. */
export class ApiFailure extends Error {
  constructor(
    message: string,
    readonly status: number
  ) {
    super(message);
  }
}
