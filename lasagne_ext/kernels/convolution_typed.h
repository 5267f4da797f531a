/* Convolution and its gradients for one floating point type REAL; the template of convolution.c. */
#include "convolution_tile.h"

/* Planes in which windows are found, padded with zeros where they reach beyond. */
typedef struct {
    const REAL *values;
    ptrdiff_t channels;         /* of a group */
    ptrdiff_t inner[AXES], outer[AXES], before[AXES];
    int has_padding;
} TYPED(planes);

static TYPED(planes) TYPED(image_planes)(const REAL *image, const convolution *g)
{
    TYPED(planes) planes = {image, g->channels / g->groups, {0}, {0}, {0}, 0};
    for (int a = 0; a < AXES; ++a) {
        const ptrdiff_t reach = (g->out[a] - 1) * g->stride[a] + (g->window[a] - 1) * g->dilation[a] + 1;
        planes.inner[a] = g->in[a];
        planes.before[a] = g->pad[a];
        planes.outer[a] = larger(reach, g->pad[a] + g->in[a]);
        planes.has_padding |= planes.outer[a] != planes.inner[a];
    }
    return planes;
}

/* Memory for one group of padded planes; of no use where there is no padding. */
static REAL *TYPED(padding_buffer)(const TYPED(planes) *planes, void **block)
{
    const size_t bytes = (size_t)(planes->channels * product(planes->outer)) * sizeof(REAL);
    *block = planes->has_padding ? calloc(1, bytes) : malloc(1);
    return *block;
}

static const REAL *TYPED(pad)(const TYPED(planes) *planes, ptrdiff_t index, REAL *buffer)
{
    const REAL *values = planes->values + index * planes->channels * product(planes->inner);
    if (!planes->has_padding)
        return values;
    TYPED(copy_planes)(values, planes->inner, buffer, planes->outer, planes->before, planes->channels);
    return buffer;
}

/*
 * packed[group, panel, t, lane] = kernel[offset[t] + channel * stride], zero where there is no such
 * channel; t counts up to steps for every group of kernels of `group_size` values.
 */
static TYPED(vector) *TYPED(pack)(const REAL *kernel, const ptrdiff_t *offset, ptrdiff_t steps,
                                  ptrdiff_t stride, ptrdiff_t channels, ptrdiff_t group_size,
                                  ptrdiff_t groups, void **block)
{
    const size_t values = (size_t)(groups * steps * TYPED(panel_lanes)(channels));
    REAL *const packed = aligned(values * sizeof(REAL), block), *to = packed;
    for (ptrdiff_t group = 0; group < groups && packed != NULL; ++group, kernel += group_size)
        for (ptrdiff_t c = 0; c < channels; c += 2 * LANES) {
            const ptrdiff_t width = TYPED(panel_vectors)(c, channels) * LANES;
            for (ptrdiff_t t = 0; t < steps; ++t)
                for (ptrdiff_t lane = 0; lane < width; ++lane)
                    *to++ = c + lane < channels ? kernel[offset[t] + (c + lane) * stride] : 0;
        }
    return (TYPED(vector) *)packed;
}

/* Where windows begin, in padded planes. */
static void TYPED(window_offsets)(ptrdiff_t *from, const TYPED(planes) *planes, const convolution *g)
{
    for (ptrdiff_t z = 0; z < g->out[0]; ++z)
        for (ptrdiff_t y = 0; y < g->out[1]; ++y)
            for (ptrdiff_t x = 0; x < g->out[2]; ++x)
                *from++ = (z * g->stride[0] * planes->outer[1] + y * g->stride[1]) * planes->outer[2]
                          + x * g->stride[2];
}

/* Elements of a window in padded planes, for every channel; and in a kernel, flipped if so asked. */
static void TYPED(element_offsets)(ptrdiff_t *step, ptrdiff_t *offset, const TYPED(planes) *planes,
                                   const convolution *g)
{
    const ptrdiff_t *window = g->window, size = product(window);
    for (ptrdiff_t c = 0; c < planes->channels; ++c)
        for (ptrdiff_t e = 0; e < size; ++e) {
            const ptrdiff_t z = e / (window[1] * window[2]), y = e / window[2] % window[1], x = e % window[2];
            *step++ = ((c * planes->outer[0] + z * g->dilation[0]) * planes->outer[1] + y * g->dilation[1])
                      * planes->outer[2] + x * g->dilation[2];
            *offset++ = c * size + (g->flip ? size - 1 - e : e);
        }
}

/* Sums over channels and elements of the window, a block of points of one image's group at a time. */
static int TYPED(run_forward)(const TYPED(planes) *planes, const ptrdiff_t *from, const ptrdiff_t *step,
                              const TYPED(vector) *packed, REAL *out, const convolution *g)
{
    const ptrdiff_t points = product(g->out), steps = planes->channels * product(g->window);
    const ptrdiff_t filters = g->filters / g->groups, blocks = (points + POINT_BLOCK - 1) / POINT_BLOCK;
    const ptrdiff_t tasks = g->batch * g->groups * blocks;
    const ptrdiff_t group_vectors = TYPED(panel_lanes)(filters) / LANES * steps;
    int failed = 0;
#pragma omp parallel num_threads(threads_for(g)) reduction(|:failed)
    {
        void *buffer_block, *sums_block;
        REAL *buffer = TYPED(padding_buffer)(planes, &buffer_block);
        TYPED(vector) *sums = aligned(2 * POINT_BLOCK * sizeof *sums, &sums_block);
        const REAL *source = NULL;
        ptrdiff_t loaded_index = -1;
        failed = buffer == NULL || sums == NULL;
#pragma omp for schedule(static)
        for (ptrdiff_t task = 0; task < tasks; ++task) {
            const ptrdiff_t index = task / blocks, first = task % blocks * POINT_BLOCK;
            const ptrdiff_t rows = smaller(POINT_BLOCK, points - first);
            const TYPED(vector) *panel = packed + index % g->groups * group_vectors;
            if (failed)
                continue;
            if (index != loaded_index)
                source = TYPED(pad)(planes, index, buffer);
            loaded_index = index;
            for (ptrdiff_t f = 0; f < filters; f += 2 * LANES) {
                const int vectors = TYPED(panel_vectors)(f, filters);
                memset(sums, 0, (size_t)(rows * vectors) * sizeof *sums);
                TYPED(panel)(vectors, source, from + first, NULL, rows, step, steps, panel, sums);
                TYPED(transpose)((const REAL *)sums, vectors * LANES, rows,
                                 smaller(vectors * LANES, filters - f),
                                 out + (index * filters + f) * points + first, points);
                panel += vectors * steps;
            }
        }
        free(buffer_block);
        free(sums_block);
    }
    return failed;
}

API int TYPED(convolution_forward)(const REAL *image, const REAL *kernel, REAL *out,
                                   const convolution *g)
{
    const TYPED(planes) planes = TYPED(image_planes)(image, g);
    const ptrdiff_t filters = g->filters / g->groups, steps = planes.channels * product(g->window);
    ptrdiff_t *from = malloc((size_t)(product(g->out) + 1) * sizeof *from);
    ptrdiff_t *step = malloc((size_t)(2 * steps + 1) * sizeof *step);
    void *block = NULL;
    int failed = from == NULL || step == NULL;
    if (!failed) {
        TYPED(window_offsets)(from, &planes, g);
        TYPED(element_offsets)(step, step + steps, &planes, g);
        const TYPED(vector) *packed = TYPED(pack)(kernel, step + steps, steps, steps, filters,
                                                  filters * steps, g->groups, &block);
        failed = packed == NULL || TYPED(run_forward)(&planes, from, step, packed, out, g);
    }
    free(from);
    free(step);
    free(block);
    return failed;
}

/* Points of the output in one of whose windows, as element k, a point of the image lies; or -1. */
static ptrdiff_t TYPED(output_index)(const convolution *g, int axis, ptrdiff_t position, ptrdiff_t k)
{
    const ptrdiff_t distance = position + g->pad[axis] - k * g->dilation[axis];
    if (distance < 0 || distance % g->stride[axis] || distance / g->stride[axis] >= g->out[axis])
        return -1;
    return distance / g->stride[axis];
}

/* Pairs of points of the output and of rows first to last of the image, for element e. */
static ptrdiff_t TYPED(pairs)(const convolution *g, ptrdiff_t e, ptrdiff_t first, ptrdiff_t last,
                              ptrdiff_t *from, ptrdiff_t *to)
{
    const ptrdiff_t *window = g->window;
    const ptrdiff_t shift = e % window[2] * g->dilation[2] - g->pad[2];
    ptrdiff_t count = 0, left = 0;
    while (left < g->out[2] && left * g->stride[2] + shift < 0)
        ++left;
    for (ptrdiff_t row = first; row < last; ++row) {
        const ptrdiff_t z = TYPED(output_index)(g, 0, row / g->in[1], e / (window[1] * window[2]));
        const ptrdiff_t y = TYPED(output_index)(g, 1, row % g->in[1], e / window[2] % window[1]);
        if (z < 0 || y < 0)
            continue;
        for (ptrdiff_t x = left; x < g->out[2] && x * g->stride[2] + shift < g->in[2]; ++x, ++count) {
            from[count] = (z * g->out[1] + y) * g->out[2] + x;
            to[count] = (row - first) * g->in[2] + x * g->stride[2] + shift;
        }
    }
    return count;
}

/* Sums over filters for every element of the window, some rows of one image's group at a time. */
static int TYPED(run_image_grad)(const REAL *output_grad, const ptrdiff_t *step, const TYPED(vector) *packed,
                                 REAL *image_grad, const convolution *g)
{
    const ptrdiff_t size = product(g->window), points = product(g->out), plane = product(g->in);
    const ptrdiff_t filters = g->filters / g->groups, channels = g->channels / g->groups;
    const ptrdiff_t block_rows = larger(1, POINT_BLOCK / larger(g->in[2], 1)), rows = g->in[0] * g->in[1];
    const ptrdiff_t blocks = (rows + block_rows - 1) / block_rows, most_pairs = block_rows * g->in[2];
    const ptrdiff_t tasks = g->batch * g->groups * blocks;
    const ptrdiff_t group_vectors = TYPED(panel_lanes)(channels) / LANES * size * filters;
    int failed = 0;
#pragma omp parallel num_threads(threads_for(g)) reduction(|:failed)
    {
        void *block;
        ptrdiff_t *from = malloc((size_t)(2 * most_pairs + 1) * sizeof *from), *to = from + most_pairs;
        TYPED(vector) *sums = aligned((size_t)(2 * most_pairs) * sizeof *sums, &block);
        failed = from == NULL || sums == NULL;
#pragma omp for schedule(static)
        for (ptrdiff_t task = 0; task < tasks; ++task) {
            const ptrdiff_t index = task / blocks, first = task % blocks * block_rows;
            const ptrdiff_t last = smaller(first + block_rows, rows);
            const TYPED(vector) *panel = packed + index % g->groups * group_vectors;
            if (failed)
                continue;
            for (ptrdiff_t c = 0; c < channels; c += 2 * LANES) {
                const int vectors = TYPED(panel_vectors)(c, channels);
                memset(sums, 0, (size_t)((last - first) * g->in[2] * vectors) * sizeof *sums);
                for (ptrdiff_t e = 0; e < size; ++e, panel += vectors * filters) {
                    const ptrdiff_t count = TYPED(pairs)(g, e, first, last, from, to);
                    TYPED(panel)(vectors, output_grad + index * filters * points, from, to, count, step,
                                 filters, panel, sums);
                }
                TYPED(transpose)((const REAL *)sums, vectors * LANES, (last - first) * g->in[2],
                                 smaller(vectors * LANES, channels - c),
                                 image_grad + (index * channels + c) * plane + first * g->in[2], plane);
            }
        }
        free(from);
        free(block);
    }
    return failed;
}

/* Without strides, the gradient to the image is a convolution of the output's gradient. */
static int TYPED(image_grad_by_forward)(const REAL *kernel, const REAL *output_grad, REAL *image_grad,
                                        const convolution *g)
{
    const ptrdiff_t size = product(g->window);
    const ptrdiff_t filters = g->filters / g->groups, channels = g->channels / g->groups;
    REAL *kernels = malloc((size_t)(g->filters * channels * size + 1) * sizeof *kernels);
    convolution t = *g;
    t.channels = g->filters;
    t.filters = g->channels;
    t.flip = !g->flip;
    for (int a = 0; a < AXES; ++a) {
        t.in[a] = g->out[a];
        t.out[a] = g->in[a];
        t.pad[a] = (g->window[a] - 1) * g->dilation[a] - g->pad[a];
    }
    if (kernels == NULL)
        return 1;
    for (ptrdiff_t group = 0; group < g->groups; ++group)
        for (ptrdiff_t f = 0; f < filters; ++f)
            for (ptrdiff_t c = 0; c < channels; ++c)
                memcpy(kernels + ((group * channels + c) * filters + f) * size,
                       kernel + ((group * filters + f) * channels + c) * size, (size_t)size * sizeof *kernel);
    const int failed = TYPED(convolution_forward)(output_grad, kernels, image_grad, &t);
    free(kernels);
    return failed;
}

/* Whether that is faster: few filters are soon summed up, and there is padding to add at most. */
static int TYPED(forward_is_faster)(const convolution *g)
{
    int faster = g->filters / g->groups < FEW_FILTERS;
    for (int a = 0; a < AXES; ++a)
        faster &= g->stride[a] == 1 && g->pad[a] <= (g->window[a] - 1) * g->dilation[a];
    return faster;
}

API int TYPED(convolution_image_grad)(const REAL *kernel, const REAL *output_grad, REAL *image_grad,
                                      const convolution *g)
{
    const ptrdiff_t size = product(g->window), points = product(g->out);
    const ptrdiff_t filters = g->filters / g->groups, channels = g->channels / g->groups;
    if (TYPED(forward_is_faster)(g))
        return TYPED(image_grad_by_forward)(kernel, output_grad, image_grad, g);
    ptrdiff_t *step = malloc((size_t)(filters + 1) * sizeof *step);
    ptrdiff_t *offset = malloc((size_t)(size * filters + 1) * sizeof *offset);
    void *block = NULL;
    int failed = step == NULL || offset == NULL;
    if (!failed) {
        for (ptrdiff_t f = 0; f < filters; ++f) {
            step[f] = f * points;
            for (ptrdiff_t e = 0; e < size; ++e)
                offset[e * filters + f] = f * channels * size + (g->flip ? size - 1 - e : e);
        }
        const TYPED(vector) *packed = TYPED(pack)(kernel, offset, size * filters, size, channels,
                                                  filters * channels * size, g->groups, &block);
        failed = packed == NULL || TYPED(run_image_grad)(output_grad, step, packed, image_grad, g);
    }
    free(step);
    free(offset);
    free(block);
    return failed;
}

/* partial[f * elements + e] = sums[e][f] over images first to last, for one group and panel. */
static void TYPED(partial_grad)(const TYPED(planes) *planes, REAL *buffer, const REAL *output_grad,
                                ptrdiff_t first, ptrdiff_t last, ptrdiff_t group, ptrdiff_t panel,
                                const ptrdiff_t *from, const ptrdiff_t *step, TYPED(vector) *loaded,
                                TYPED(vector) *sums, REAL *partial, const convolution *g)
{
    const ptrdiff_t filters = g->filters / g->groups, f = panel * 2 * LANES, points = product(g->out);
    const ptrdiff_t elements = planes->channels * product(g->window);
    const int vectors = TYPED(panel_vectors)(f, filters);
    const ptrdiff_t width = vectors * LANES, count = smaller(width, filters - f);
    memset(sums, 0, (size_t)(elements * vectors) * sizeof *sums);
    if (count < width)
        memset(loaded, 0, (size_t)(points * vectors) * sizeof *loaded);
    for (ptrdiff_t n = first; n < last; ++n) {
        const ptrdiff_t index = n * g->groups + group;
        const REAL *source = TYPED(pad)(planes, index, buffer);
        TYPED(transpose)(output_grad + (index * filters + f) * points, points, count, points,
                         (REAL *)loaded, width);
        TYPED(panel)(vectors, source, from, NULL, elements, step, points, loaded, sums);
    }
    TYPED(transpose)((const REAL *)sums, width, elements, count, partial + f * elements, elements);
}

API int TYPED(convolution_kernel_grad)(const REAL *image, const REAL *output_grad, REAL *kernel_grad,
                                       const convolution *g)
{
    const TYPED(planes) planes = TYPED(image_planes)(image, g);
    const ptrdiff_t size = product(g->window), elements = planes.channels * size, points = product(g->out);
    const ptrdiff_t filters = g->filters / g->groups, values = g->filters * elements;
    const ptrdiff_t panels = (filters + 2 * LANES - 1) / (2 * LANES);
    const ptrdiff_t sets = larger(1, smaller(smaller(PARTIAL_SUMS, g->batch),
                                             PARTIAL_VALUES / larger(1, values)));
    const ptrdiff_t tasks = sets * g->groups * panels;
    ptrdiff_t *from = malloc((size_t)(elements + 1) * sizeof *from);
    ptrdiff_t *offset = malloc((size_t)(elements + 1) * sizeof *offset);
    ptrdiff_t *step = malloc((size_t)(points + 1) * sizeof *step);
    REAL *partial = malloc((size_t)(sets * values + 1) * sizeof *partial);
    int failed = from == NULL || offset == NULL || step == NULL || partial == NULL;
    if (!failed) {
        TYPED(element_offsets)(from, offset, &planes, g);
        TYPED(window_offsets)(step, &planes, g);
#pragma omp parallel num_threads(threads_for(g)) reduction(|:failed)
        {
            void *buffer_block, *loaded_block, *sums_block;
            REAL *buffer = TYPED(padding_buffer)(&planes, &buffer_block);
            TYPED(vector) *loaded = aligned((size_t)(points * 2) * sizeof *loaded, &loaded_block);
            TYPED(vector) *sums = aligned((size_t)(elements * 2) * sizeof *sums, &sums_block);
            failed = buffer == NULL || loaded == NULL || sums == NULL;
#pragma omp for schedule(static)
            for (ptrdiff_t task = 0; task < tasks; ++task) {
                const ptrdiff_t panel = task % panels, group = task / panels % g->groups;
                const ptrdiff_t set = task / (panels * g->groups);
                if (!failed)
                    TYPED(partial_grad)(&planes, buffer, output_grad, set * g->batch / sets,
                                        (set + 1) * g->batch / sets, group, panel, from, step, loaded, sums,
                                        partial + set * values + group * filters * elements, g);
            }
            free(buffer_block);
            free(loaded_block);
            free(sums_block);
        }
    }
    if (!failed)
        for (ptrdiff_t f = 0; f < g->filters; ++f)
            for (ptrdiff_t e = 0; e < elements; ++e) {
                REAL sum = 0;
                for (ptrdiff_t set = 0; set < sets; ++set)
                    sum += partial[set * values + f * elements + e];
                kernel_grad[f * elements + offset[e]] = sum;
            }
    free(from);
    free(offset);
    free(step);
    free(partial);
    return failed;
}
