/*
 * Sampling of images at points between their pixels, forward and backward.
 *
 * The output is handled in tiles. For each, the coordinates of its points become patches (neighbours.h)
 * that serve a block of channels, side by side, at a time (lanes.h): what is a gather or a scatter in
 * the image is a run of whole vectors in the patch, and no border mode reaches further than the patch.
 */
#include "points.h"

#define REAL float
#define SUFFIX f32
#define WIDE_LANES 16
#include "sample_typed.h"
#undef REAL
#undef SUFFIX
#undef WIDE_LANES

#define REAL double
#define SUFFIX f64
#define WIDE_LANES 8
#include "sample_typed.h"
