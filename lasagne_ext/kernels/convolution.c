/*
 * Convolution without unrolled windows. Forward and both gradients are sums of products
 *
 *     out[i][c] = sum over t of source[from[i] + step[t]] * packed[t][c]
 *
 * where c runs over channels that lie side by side in vectors, and a source value is broadcast to
 * all of them. Forward, i are the points of the output and t channels and elements of the window;
 * for the gradient to the image, i are its points and t filters and elements of the window; for the
 * gradient to the kernel, i are its elements and t points of the output.
 *
 * Every sum is taken in an order that does not depend on the number of threads.
 */
#include "convolution.h"

#define TEMPLATE "convolution_typed.h"
#include "each_type.h"
