/* One-sided operations as late as MPI allows. It promises the result of MPI_Fetch_and_op after the next flush
   and no sooner; on one machine both libraries have it at once, so that nothing would miss a flush that was
   forgotten. These take the place of MPI's own in the test program (its profiling interface): the operation
   is begun by the flush. */
#include <mpi.h>

static struct {
  const void *origin;
  void *result;
  MPI_Datatype type;
  int target;
  MPI_Aint at;
  MPI_Op op;
  MPI_Win window;
  int waits;
} late;

int MPI_Fetch_and_op(const void *origin, void *result, MPI_Datatype type, int target, MPI_Aint at, MPI_Op op,
                     MPI_Win window) {
  if (late.waits) return MPI_ERR_RMA_SYNC; /* the one before was not flushed */
  late.origin = origin;
  late.result = result;
  late.type = type;
  late.target = target;
  late.at = at;
  late.op = op;
  late.window = window;
  late.waits = 1;
  return MPI_SUCCESS;
}

int MPI_Win_flush(int rank, MPI_Win window) {
  if (late.waits && late.window == window) {
    const int code = PMPI_Fetch_and_op(late.origin, late.result, late.type, late.target, late.at, late.op, window);
    late.waits = 0;
    if (code != MPI_SUCCESS) return code;
  }
  return PMPI_Win_flush(rank, window);
}
