#!/bin/bash
# One sweep on one node in a queue that preempts or whose time limit is shorter than the sweep: it goes back to the
# queue as often as it takes.
#   sbatch --partition=scavenger scripts/slurm/requeue.sh SCENARIO OUT
# "B:" sends the signal to this shell, which passes it on through srun; preemption sends TERM to both.
#SBATCH --job-name=needflow
#SBATCH --cpus-per-task=4
#SBATCH --time=01:00:00
#SBATCH --signal=B:USR1@60
#SBATCH --requeue
#SBATCH --open-mode=append
set -u
scenario=$1
out=$2

srun --ntasks=1 --cpus-per-task="${SLURM_CPUS_PER_TASK:-1}" \
  "${NEEDFLOW:-needflow}" sweep "$scenario" -o "$out" --resume &
step=$!
# A shell handles a signal between commands, so srun runs beside it, and a signal ends the wait, not the step. Of
# TERM the step has heard from Slurm itself; the shell must only outlive it.
trap 'again=yes; kill -USR1 $step' USR1
trap 'again=yes' TERM
again=yes
while [ -n "$again" ]; do
  again=
  wait $step
  next=$?
  [ $next -eq 127 ] || code=$next  # 127: it had ended already
done
case $code in
  75) scontrol requeue "$SLURM_JOB_ID" ;;
  3) echo "some points have no result; the file says why" >&2; exit 0 ;;
esac
exit $code
