# The course on a machine of its own: docker or podman, VS Code's dev containers and Codespaces (.devcontainer/), Binder.
#   docker build -t ninja . && docker run --rm -p 127.0.0.1:8888:8888 ninja
# What is installed is what make installs anywhere: apt.txt, and requirements.txt in the versions of requirements.lock.
FROM debian:bookworm-slim
WORKDIR /home/ninja/course
COPY apt.txt .
RUN apt-get update \
 && sed 's/#.*//' apt.txt | DEBIAN_FRONTEND=noninteractive xargs apt-get install -y --no-install-recommends \
 && rm -rf /var/lib/apt/lists/*

# the environment stands outside of the course's folder, which a dev container lays over
ENV VENV=/opt/venv PATH=/opt/venv/bin:$PATH
ARG TORCH=cpu
COPY Makefile requirements*.txt requirements.lock ./
COPY autograder autograder
RUN make cluster

# Binder says who the user is; grading inside of the container needs rights that it may not have, and says so
ARG NB_USER=ninja NB_UID=1000
RUN useradd --uid $NB_UID --home-dir /home/ninja $NB_USER && chown -R $NB_UID /home/ninja /opt/venv
COPY --chown=$NB_UID . .
ENV USER=$NB_USER HOME=/home/ninja
USER $NB_UID
EXPOSE 8888
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--port=8888", "--no-browser"]
