// Report: a run's figures, as one JSON object on standard output.
#pragma once

#include "options.h"
#include "stats.h"

namespace loadgen {

void PrintReport(const Options& options, const Stats& stats, double window_s);

}  // namespace loadgen
