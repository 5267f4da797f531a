/*
 * Sampling of images at points between their pixels, forward and backward.
 *
 * The output is handled in tiles, and the channels of a tile in blocks. The way of a value, each step in a
 * header of its own:
 *
 *     coordinates.h     points (matrices, a grid, a flow) -> coordinates in pixels of a tile's points
 *     neighbours.h      coordinates -> the first pixel of each point, the fraction beyond it, bicubic weights;
 *                       segments of points that lie together. So far for all channels
 *     patch.h           image -> patch: the pixels of a segment, extended by the border (border.h), with the
 *                       channels of a block side by side
 *     interpolation.h   patch -> values, a vector of channels at a time
 *     sample_typed.h    values -> output; the kernels, what their threads do, the order of their sums
 *
 * Gradients go the same way back, from the values to the patch and the image, and to the coordinates and the
 * points. What is a gather or a scatter in the image is a run of whole vectors in the patch, and no border
 * mode reaches further than the patch. lanes.h includes interpolation.h for every size of block, quad.h and
 * corners.h replace it where a block is a single channel of a plane, and footprint.h averages over samples
 * that all this gives.
 */
#include "coordinates.h"

#define TEMPLATE "sample_typed.h"
#include "each_type.h"
