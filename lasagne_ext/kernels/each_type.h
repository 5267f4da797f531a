/*
 * Includes TEMPLATE, a file of code for any floating point type, once for float and once for double: C has
 * no templates. TEMPLATE is defined, as the file's name, before this one is included; afterwards no macro is
 * left. While it includes,
 *
 *     REAL          is the type,
 *     SUFFIX        its short name,
 *     WIDE_LANES    how many of it fill a vector of 64 bytes; a plain number, since names are made of it,
 *     TYPED(name)   makes a name for each type and instruction set: sample_forward_f32_avx2.
 *
 * The instruction set is the macro ISA: setup.py compiles every kernel once for each, and defines it. What is
 * exported goes by TYPED therefore, or has one copy alone, in processor.c.
 */
#define TYPED_JOIN(name, suffix, isa) name##_##suffix##_##isa
#define TYPED_EXPAND(name, suffix, isa) TYPED_JOIN(name, suffix, isa)
#define TYPED(name) TYPED_EXPAND(name, SUFFIX, ISA)

#define REAL float
#define SUFFIX f32
#define WIDE_LANES 16
#include TEMPLATE
#undef REAL
#undef SUFFIX
#undef WIDE_LANES

#define REAL double
#define SUFFIX f64
#define WIDE_LANES 8
#include TEMPLATE
#undef REAL
#undef SUFFIX
#undef WIDE_LANES

#undef TYPED
#undef TYPED_EXPAND
#undef TYPED_JOIN
#undef TEMPLATE
